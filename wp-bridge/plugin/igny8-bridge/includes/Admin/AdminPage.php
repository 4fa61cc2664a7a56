<?php
/**
 * The igny8 page of wp-admin.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Admin;

use Igny8\Bridge\Events\EventsController;
use Igny8\Bridge\Events\KnownTasks;
use Igny8\Bridge\Events\Outbox;
use Igny8\Bridge\Pairing\Pairing;
use WP_Error;

/**
 * Shows how the site and its articles stand in the service, and lets who may publish approve and publish.
 */
final class AdminPage {

	const SLUG         = 'igny8-bridge';
	const NOTICE       = 'igny8_bridge_notice_';
	const SEE          = 'edit_posts';
	const PUBLISH      = 'publish_posts';
	const EXAMINE      = 'manage_options';
	const PUBLISH_HOOK = 'igny8_bridge_publish';
	const EXAMINE_HOOK = 'igny8_bridge_examine';

	/**
	 * Hooks in.
	 */
	public static function start(): void {
		add_action( 'admin_menu', array( self::class, 'add' ) );
		add_action( 'admin_notices', array( self::class, 'warn_of_pause' ) );
		add_action( 'admin_notices', array( self::class, 'warn_of_loss' ) );
		add_action( 'admin_post_' . self::PUBLISH_HOOK, array( self::class, 'publish' ) );
		add_action( 'admin_post_' . self::EXAMINE_HOOK, array( self::class, 'examine' ) );
	}

	/**
	 * Adds the page to the menu.
	 */
	public static function add(): void {
		$hook = add_menu_page( 'igny8', 'igny8', self::SEE, self::SLUG, array( self::class, 'render' ), 'dashicons-edit-page', 26 );
		add_action( "admin_print_scripts-$hook", array( self::class, 'enqueue' ) );
	}

	/**
	 * The script that refreshes the list while something is being done.
	 */
	public static function enqueue(): void {
		wp_enqueue_script( 'igny8-bridge', plugins_url( 'assets/admin.js', \Igny8\Bridge\FILE ), array(), \Igny8\Bridge\VERSION, true );
	}

	/**
	 * The page's address.
	 *
	 * @param array $query More of its query.
	 */
	public static function url( array $query = array() ): string {
		return add_query_arg( $query, admin_url( 'admin.php?page=' . self::SLUG ) );
	}

	/**
	 * Says on the dashboard why nothing is published at present.
	 */
	public static function warn_of_pause(): void {
		$reason = get_option( EventsController::PAUSE_OPTION );
		$screen = get_current_screen();
		if ( ! is_string( $reason ) || ! current_user_can( self::SEE ) || ! $screen || ! in_array( $screen->id, array( 'dashboard', 'toplevel_page_' . self::SLUG ), true ) ) {
			return;
		}
		printf(
			'<div class="notice notice-warning"><p><strong>%s</strong> %s</p></div>',
			esc_html__( 'igny8 publishes nothing here at present; what waits goes on by itself when this is mended.', 'igny8-bridge' ),
			esc_html( $reason )
		);
	}

	/**
	 * Says on the dashboard that igny8 was not told of changes, until the site is examined.
	 */
	public static function warn_of_loss(): void {
		$lost   = get_option( Outbox::LOST_OPTION );
		$screen = get_current_screen();
		if ( ! is_array( $lost ) || ! current_user_can( self::SEE ) || ! $screen || ! in_array( $screen->id, array( 'dashboard', 'toplevel_page_' . self::SLUG ), true ) ) {
			return;
		}
		printf(
			'<div class="notice notice-warning"><p><strong>%s</strong> %s</p></div>',
			/* translators: %d: a number of changes. */
			esc_html( sprintf( _n( 'igny8 could not be told of %d change to a post within three days.', 'igny8 could not be told of %d changes to posts within three days.', $lost['count'], 'igny8-bridge' ), $lost['count'] ) ),
			/* translators: %s: the last error. */
			esc_html( sprintf( __( 'The last attempt failed with “%s”. Examine the site on the igny8 page.', 'igny8-bridge' ), $lost['error'] ) )
		);
	}

	/**
	 * Prints the page.
	 */
	public static function render(): void {
		if ( ! current_user_can( self::SEE ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to see this page.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
		echo '<div class="wrap"><h1>igny8</h1>';
		self::print_notice();
		$pairing = Pairing::get();
		$other   = Pairing::other_home();
		if ( null !== $other ) {
			/* translators: %s: the address of a site. */
			printf( '<p>%s</p></div>', esc_html( sprintf( __( 'This is a copy of %s, which is linked with igny8: nothing is sent to igny8 from here. If the site has moved here, link it again in igny8.', 'igny8-bridge' ), $other ) ) );
			return;
		}
		if ( null === $pairing ) {
			printf( '<p>%s</p></div>', esc_html__( 'This site is not linked with igny8 yet. In igny8, open the site, choose “Connect WordPress” and approve; if it is linked already, have it examined there.', 'igny8-bridge' ) );
			return;
		}
		// phpcs:disable WordPress.Security.NonceVerification.Recommended -- what is shown is chosen, nothing is done.
		$status = isset( $_GET['status'] ) ? sanitize_key( $_GET['status'] ) : '';
		$paged  = isset( $_GET['paged'] ) ? max( 1, (int) $_GET['paged'] ) : 1;
		// phpcs:enable
		$asked    = array_filter( array( 'status' => array_key_exists( $status, TaskList::labels() ) ? $status : '' ) ) + array( 'page' => $paged );
		$overview = Service::ask( 'overview', $asked, 'wp_' . wp_generate_uuid4() );
		if ( is_wp_error( $overview ) ) {
			printf( '<div class="notice notice-error"><p>%s</p></div>', esc_html( $overview->get_error_message() ) );
		}
		Connection::render( $pairing, is_wp_error( $overview ) ? null : $overview );
		if ( is_wp_error( $overview ) ) {
			TaskList::render( array( 'tasks' => KnownTasks::latest() ), '', 1 );
		} else {
			TaskList::render( $overview, $status, $paged );
		}
		echo '</div>';
	}

	/**
	 * Approves an article and has it published, as the form of the list asks.
	 */
	public static function publish(): void {
		$task_id = isset( $_POST['task_id'] ) ? (int) $_POST['task_id'] : 0;
		self::require( self::PUBLISH, self::PUBLISH_HOOK . $task_id );
		self::act(
			array(
				'action'     => 'publish',
				'task_id'    => $task_id,
				// phpcs:ignore WordPress.Security.NonceVerification.Missing -- it was verified.
				'updated_at' => isset( $_POST['updated_at'] ) ? sanitize_text_field( wp_unslash( $_POST['updated_at'] ) ) : '',
			),
			__( 'Approved. The article is being published.', 'igny8-bridge' )
		);
	}

	/**
	 * Has the site examined.
	 */
	public static function examine(): void {
		self::require( self::EXAMINE, self::EXAMINE_HOOK );
		delete_option( Outbox::LOST_OPTION );
		self::act( array( 'action' => 'examine' ), __( 'The site is being examined. Reload this page in a moment.', 'igny8-bridge' ) );
	}

	/**
	 * Prints the beginning of a form of the page. Sent twice, it is acted on once.
	 *
	 * @param string $hook  What is asked for.
	 * @param string $nonce The nonce's action.
	 */
	public static function open_form( string $hook, string $nonce ): void {
		// Not by wp_nonce_field, whose ids would be on the page once for each article.
		$hidden = array(
			'action'   => $hook,
			'_wpnonce' => wp_create_nonce( $nonce ),
			'request'  => wp_generate_uuid4(),
		);
		printf( '<form method="post" action="%s">', esc_url( admin_url( 'admin-post.php' ) ) );
		foreach ( $hidden as $name => $value ) {
			printf( '<input type="hidden" name="%s" value="%s">', esc_attr( $name ), esc_attr( $value ) );
		}
	}

	/**
	 * Ends the request of somebody who may not do this, or did not ask for it on this page.
	 *
	 * @param string $capability What they need.
	 * @param string $nonce      The nonce's action.
	 */
	private static function require( string $capability, string $nonce ): void {
		check_admin_referer( $nonce );
		if ( ! current_user_can( $capability ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to do this.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
	}

	/**
	 * Asks the service for something and goes back to the page.
	 *
	 * @param array  $action What.
	 * @param string $done   What is said when it was taken.
	 */
	private static function act( array $action, string $done ): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- it was verified: see require.
		$request = isset( $_POST['request'] ) ? sanitize_text_field( wp_unslash( $_POST['request'] ) ) : '';
		$request = wp_is_uuid( $request ) ? $request : wp_generate_uuid4();
		$answer  = Service::ask( 'actions', $action + array( 'user' => wp_get_current_user()->user_login ), "wp_$request" );
		$notice  = is_wp_error( $answer ) ? array( 'error', $answer->get_error_message() ) : array( 'success', $done );
		set_transient( self::NOTICE . get_current_user_id(), $notice, MINUTE_IN_SECONDS );
		wp_safe_redirect( wp_get_referer() ? wp_get_referer() : self::url() );
		exit;
	}

	/**
	 * What came of the last action, once.
	 */
	private static function print_notice(): void {
		$name   = self::NOTICE . get_current_user_id();
		$notice = get_transient( $name );
		if ( ! is_array( $notice ) ) {
			return;
		}
		delete_transient( $name );
		printf( '<div class="notice notice-%s"><p>%s</p></div>', esc_attr( $notice[0] ), esc_html( $notice[1] ) );
	}
}
