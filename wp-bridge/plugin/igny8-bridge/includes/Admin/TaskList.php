<?php
/**
 * Articles section of the admin page.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

use Igny8\Bridge\PlainText;

/**
 * Prints the articles of the site with their status and progress.
 */
final class TaskList {

	/**
	 * Returns the labels of the statuses, in the order of the workflow.
	 *
	 * @return array<string,string>
	 */
	public static function labels(): array {
		return array(
			'queued'      => __( 'Queued', 'igny8-bridge' ),
			'in_progress' => __( 'Writing', 'igny8-bridge' ),
			'draft'       => __( 'Draft', 'igny8-bridge' ),
			'review'      => __( 'In review', 'igny8-bridge' ),
			'scheduled'   => __( 'Scheduled', 'igny8-bridge' ),
			'published'   => __( 'Published', 'igny8-bridge' ),
			'completed'   => __( 'Live', 'igny8-bridge' ),
		);
	}

	/**
	 * Returns the label of a task's status.
	 *
	 * @param array $task Task with status and wp_status.
	 */
	public static function label( array $task ): string {
		$is_scheduled = 'published' === $task['status'] && 'future' === ( $task['wp_status'] ?? '' );
		$state        = $is_scheduled ? 'scheduled' : (string) $task['status'];
		return self::labels()[ $state ] ?? $state;
	}

	/**
	 * Prints the section.
	 *
	 * @param array  $overview Overview from igny8, or only the key tasks if it did not respond.
	 * @param string $status   The status to show, or an empty string for all.
	 * @param int    $paged    Page number, from 1.
	 */
	public static function render( array $overview, string $status, int $paged ): void {
		printf( '<h2 id="igny8-articles">%s</h2>', esc_html__( 'Articles', 'igny8-bridge' ) );
		if ( isset( $overview['counts'] ) ) {
			self::print_views( $overview['counts'], $status );
		}
		$is_busy = array() !== array_filter( array_column( $overview['tasks'], 'work' ) );
		printf( '<div id="igny8-tasks"%s>', $is_busy ? ' data-busy' : '' );
		echo '<table class="wp-list-table widefat striped" aria-labelledby="igny8-articles"><thead><tr>';
		foreach ( array( __( 'Title', 'igny8-bridge' ), __( 'Status', 'igny8-bridge' ), __( 'Progress', 'igny8-bridge' ), __( 'Action', 'igny8-bridge' ) ) as $heading ) {
			printf( '<th scope="col">%s</th>', esc_html( $heading ) );
		}
		echo '</tr></thead><tbody>';
		foreach ( $overview['tasks'] as $task ) {
			self::print_row( $task );
		}
		if ( array() === $overview['tasks'] ) {
			printf( '<tr><td colspan="4">%s</td></tr>', esc_html__( 'No articles found.', 'igny8-bridge' ) );
		}
		echo '</tbody></table>';
		self::print_pages( ! empty( $overview['has_more'] ), $status, $paged );
		echo '</div>';
	}

	/**
	 * Prints a link for each status.
	 *
	 * @param array  $counts Number of articles by status.
	 * @param string $status The status shown, or an empty string for all.
	 */
	private static function print_views( array $counts, string $status ): void {
		$views = array( '' => __( 'All', 'igny8-bridge' ) ) + self::labels();
		$links = array();
		foreach ( $views as $name => $label ) {
			$links[] = sprintf(
				'<a href="%s"%s>%s <span class="count">(%d)</span></a>',
				esc_url( AdminPage::url( array_filter( array( 'status' => $name ) ) ) ),
				$name === $status ? ' class="current" aria-current="page"' : '',
				esc_html( $label ),
				'' === $name ? array_sum( $counts ) : (int) ( $counts[ $name ] ?? 0 )
			);
		}
		echo '<ul class="subsubsub"><li>' . implode( ' | </li><li>', $links ) . '</li></ul><div class="clear"></div>'; // phpcs:ignore WordPress.Security.EscapeOutput -- escaped above.
	}

	/**
	 * Prints the row of an article.
	 *
	 * @param array $task Task from igny8.
	 */
	private static function print_row( array $task ): void {
		$post_id = (int) ( $task['post_id'] ?? 0 );
		$link    = $post_id && current_user_can( 'edit_post', $post_id ) ? get_edit_post_link( $post_id, 'url' ) : null;
		$title   = PlainText::encode_ampersands( (string) $task['title'] );
		echo '<tr><td>';
		if ( $link ) {
			printf( '<a href="%s"><strong>%s</strong></a>', esc_url( $link ), esc_html( $title ) );
		} else {
			printf( '<strong>%s</strong>', esc_html( $title ) );
		}
		if ( ! empty( $task['post_url'] ) ) {
			printf( '<br><a href="%1$s">%1$s</a>', esc_url( $task['post_url'] ) );
		}
		printf( '</td><td>%s', esc_html( self::label( $task ) ) );
		if ( ! empty( $task['approved_by'] ) ) {
			/* translators: %s: name of the person who approved the article. */
			printf( '<br>%s', esc_html( sprintf( __( 'Approved by %s', 'igny8-bridge' ), $task['approved_by'] ) ) );
		}
		printf( '</td><td>%s</td><td>', esc_html( self::progress( $task ) ) );
		if ( self::can_publish( $task ) ) {
			self::print_form( $task );
		}
		echo '</td></tr>';
	}

	/**
	 * Describes the current step of an article, what it is waiting for, or its last error.
	 *
	 * @param array $task Task from igny8.
	 */
	private static function progress( array $task ): string {
		$work = $task['work'] ?? null;
		if ( ! is_array( $work ) ) {
			return (string) ( $task['error'] ?? '' );
		}
		if ( 'approval' === $work['held'] ) {
			return __( 'Waiting for approval.', 'igny8-bridge' );
		}
		if ( 'paused' === $work['held'] ) {
			return __( 'Waiting until publishing to this site resumes.', 'igny8-bridge' );
		}
		$due = is_string( $work['not_before'] ) ? (int) strtotime( $work['not_before'] ) : 0;
		if ( 'pending' === $work['state'] && $due > time() ) {
			/* translators: %s: date and time. */
			return sprintf( __( 'Scheduled for %s.', 'igny8-bridge' ), Connection::date( $due ) );
		}
		return sprintf( '%d %% – %s', $work['percentage'], $work['message'] );
	}

	/**
	 * Whether the current user can approve and publish the article now.
	 *
	 * @param array $task Task from igny8.
	 */
	private static function can_publish( array $task ): bool {
		$waits   = ! is_array( $task['work'] ?? null ) || 'approval' === $task['work']['held'];
		$is_seen = ! in_array( $task['status'], array( 'draft', 'review' ), true ) && ! ( 'published' === $task['status'] && in_array( $task['wp_status'], array( 'draft', 'pending' ), true ) );
		return $waits && ! $is_seen && ! empty( $task['has_article'] ) && current_user_can( AdminPage::PUBLISH_CAP );
	}

	/**
	 * Prints the button that approves and publishes. It sends updated_at, so that the user approves only the
	 * version shown here.
	 *
	 * @param array $task Task from igny8.
	 */
	private static function print_form( array $task ): void {
		AdminPage::open_form( AdminPage::PUBLISH_HOOK, AdminPage::PUBLISH_HOOK . $task['task_id'] );
		printf( '<input type="hidden" name="task_id" value="%d">', (int) $task['task_id'] );
		printf( '<input type="hidden" name="updated_at" value="%s">', esc_attr( $task['updated_at'] ) );
		printf(
			'<button class="button button-primary" aria-label="%s">%s</button></form>',
			/* translators: %s: title of an article. */
			esc_attr( PlainText::encode_ampersands( sprintf( __( 'Approve and publish “%s”', 'igny8-bridge' ), $task['title'] ) ) ),
			esc_html__( 'Approve and publish', 'igny8-bridge' )
		);
	}

	/**
	 * Prints links to the previous and the next page.
	 *
	 * @param bool   $has_more Whether there is a next page.
	 * @param string $status   The status shown, or an empty string for all.
	 * @param int    $paged    Page number, from 1.
	 */
	private static function print_pages( bool $has_more, string $status, int $paged ): void {
		$query = array_filter( array( 'status' => $status ) );
		echo '<p class="tablenav-pages">';
		if ( $paged > 1 ) {
			printf( '<a class="button" href="%s">%s</a> ', esc_url( AdminPage::url( $query + array( 'paged' => $paged - 1 ) ) ), esc_html__( 'Newer', 'igny8-bridge' ) );
		}
		if ( $has_more ) {
			printf( '<a class="button" href="%s">%s</a>', esc_url( AdminPage::url( $query + array( 'paged' => $paged + 1 ) ) ), esc_html__( 'Older', 'igny8-bridge' ) );
		}
		echo '</p>';
	}
}
