<?php
/**
 * The column and the filter in the list of posts.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

use Igny8\Bridge\Events\KnownTasks;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Posts\EditedPosts;
use WP_Query;

/**
 * Shows which posts are igny8's, and how they stand there.
 */
final class PostsColumn {

	const NAME = 'igny8';

	/**
	 * The articles of the posts that are listed, by post; null until they are asked for.
	 *
	 * @var array<int,array>|null
	 */
	private static $tasks = null;

	/**
	 * Hooks in.
	 */
	public static function start(): void {
		add_filter( 'manage_post_posts_columns', array( self::class, 'add' ) );
		add_action( 'manage_post_posts_custom_column', array( self::class, 'render' ), 10, 2 );
		add_action( 'restrict_manage_posts', array( self::class, 'render_filter' ) );
		add_filter( 'posts_where', array( self::class, 'where' ), 10, 2 );
	}

	/**
	 * Adds the column.
	 *
	 * @param array $columns By name.
	 */
	public static function add( array $columns ): array {
		$columns[ self::NAME ] = 'igny8';
		return $columns;
	}

	/**
	 * Prints a cell. All posts of the list are looked up at once.
	 *
	 * @param string $column  Its name.
	 * @param int    $post_id The post.
	 */
	public static function render( string $column, int $post_id ): void {
		global $wp_query;
		if ( self::NAME !== $column ) {
			return;
		}
		if ( null === self::$tasks || ! array_key_exists( $post_id, self::$tasks ) ) {
			$listed      = array_merge( array( $post_id ), wp_list_pluck( (array) $wp_query->posts, 'ID' ) );
			update_meta_cache( 'post', $listed );
			self::$tasks = KnownTasks::of_posts( $listed ) + array_fill_keys( $listed, array() );
		}
		$task = self::$tasks[ $post_id ];
		if ( array() !== $task ) {
			printf( '<a href="%s">%s</a>', esc_url( AdminPage::url() ), esc_html( TaskList::label( $task ) ) );
		}
		if ( EditedPosts::is_edited( $post_id ) ) {
			echo '<br>' . esc_html__( 'Edited since', 'igny8-bridge' );
		}
	}

	/**
	 * Prints the filter.
	 *
	 * @param string $post_type Of the list.
	 */
	public static function render_filter( string $post_type ): void {
		if ( 'post' !== $post_type ) {
			return;
		}
		printf( '<label class="screen-reader-text" for="igny8-filter">%s</label>', esc_html__( 'Filter by igny8', 'igny8-bridge' ) );
		echo '<select name="igny8" id="igny8-filter">';
		$choices = array(
			''       => __( 'igny8 or not', 'igny8-bridge' ),
			'yes'    => __( 'By igny8', 'igny8-bridge' ),
			'edited' => __( 'By igny8, edited since', 'igny8-bridge' ),
			'no'     => __( 'Not by igny8', 'igny8-bridge' ),
		);
		foreach ( $choices as $value => $label ) {
			printf( '<option value="%s"%s>%s</option>', esc_attr( $value ), selected( $value, self::chosen(), false ), esc_html( $label ) );
		}
		echo '</select>';
	}

	/**
	 * Narrows the list.
	 *
	 * @param string   $where The query's conditions.
	 * @param WP_Query $query The query.
	 */
	public static function where( string $where, WP_Query $query ): string {
		global $wpdb, $pagenow;
		$chosen = self::chosen();
		if ( ! is_admin() || 'edit.php' !== $pagenow || ! $query->is_main_query() || '' === $chosen ) {
			return $where;
		}
		if ( 'edited' === $chosen ) {
			$where .= $wpdb->prepare( " AND $wpdb->posts.ID IN ( SELECT post_id FROM $wpdb->postmeta WHERE meta_key = %s )", EditedPosts::META );
		}
		$is = 'no' === $chosen ? 'NOT IN' : 'IN';
		return $where . $wpdb->prepare( " AND $wpdb->posts.ID $is ( SELECT post_id FROM $wpdb->postmeta WHERE meta_key = %s )", ClaimedPost::META ); // phpcs:ignore WordPress.DB.PreparedSQL -- one of the two above.
	}

	/**
	 * What the filter is set to: yes, edited, no or nothing.
	 */
	private static function chosen(): string {
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- what is shown is chosen, nothing is done.
		$chosen = isset( $_GET['igny8'] ) && is_string( $_GET['igny8'] ) ? sanitize_key( $_GET['igny8'] ) : '';
		return in_array( $chosen, array( 'yes', 'edited', 'no' ), true ) ? $chosen : '';
	}
}
