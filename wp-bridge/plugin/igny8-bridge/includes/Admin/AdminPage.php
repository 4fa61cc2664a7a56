<?php
/**
 * The igny8 page in wp-admin.
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
 * Shows the connection and the articles. Users who can publish posts can approve and publish articles here.
 */
final class AdminPage {

	const SLUG         = 'igny8-bridge';
	const NOTICE       = 'igny8_bridge_notice_';
	const VIEW_CAP     = 'edit_posts';
	const PUBLISH_CAP  = 'publish_posts';
	const CHECK_CAP    = 'manage_options';
	const PUBLISH_HOOK = 'igny8_bridge_publish';
	const CHECK_HOOK   = 'igny8_bridge_check';

	/**
	 * Registers the hooks.
	 */
	public static function register_hooks(): void {
		add_action( 'admin_menu', array( self::class, 'add' ) );
		add_action( 'admin_notices', array( self::class, 'show_pause_notice' ) );
		add_action( 'admin_notices', array( self::class, 'show_loss_notice' ) );
		add_action( 'admin_post_' . self::PUBLISH_HOOK, array( self::class, 'publish' ) );
		add_action( 'admin_post_' . self::CHECK_HOOK, array( self::class, 'check' ) );
	}

	/**
	 * Adds the page to the admin menu.
	 */
	public static function add(): void {
		$hook = add_menu_page( 'igny8', 'igny8', self::VIEW_CAP, self::SLUG, array( self::class, 'render' ), 'dashicons-edit-page', 26 );
		add_action( "admin_print_scripts-$hook", array( self::class, 'enqueue' ) );
	}

	/**
	 * Enqueues the script that refreshes the list of articles.
	 */
	public static function enqueue(): void {
		wp_enqueue_script( 'igny8-bridge', plugins_url( 'assets/admin.js', \Igny8\Bridge\FILE ), array(), \Igny8\Bridge\VERSION, true );
	}

	/**
	 * Returns the URL of the page.
	 *
	 * @param array $query Additional query parameters.
	 */
	public static function url( array $query = array() ): string {
		return add_query_arg( $query, admin_url( 'admin.php?page=' . self::SLUG ) );
	}

	/**
	 * Shows why publishing is paused, on the Dashboard and on the igny8 page.
	 */
	public static function show_pause_notice(): void {
		$reason = get_option( EventsController::PAUSE_OPTION );
		if ( ! is_string( $reason ) || ! self::is_notice_screen() ) {
			return;
		}
		printf(
			'<div class="notice notice-warning"><p><strong>%s</strong> %s</p></div>',
			esc_html__( 'igny8 has paused publishing to this site. It resumes automatically when the problem is fixed.', 'igny8-bridge' ),
			esc_html( $reason )
		);
	}

	/**
	 * Shows that changes could not be reported to igny8, until someone runs the site check.
	 */
	public static function show_loss_notice(): void {
		$lost = get_option( Outbox::LOST_OPTION );
		if ( ! is_array( $lost ) || ! self::is_notice_screen() ) {
			return;
		}
		printf(
			'<div class="notice notice-warning"><p><strong>%s</strong> %s</p></div>',
			/* translators: %d: number of changes. */
			esc_html( sprintf( _n( '%d change to a post could not be reported to igny8 within three days.', '%d changes to posts could not be reported to igny8 within three days.', $lost['count'], 'igny8-bridge' ), $lost['count'] ) ),
			/* translators: %s: error message. */
			esc_html( sprintf( __( 'The last attempt failed with “%s”. Run the site check on the igny8 page.', 'igny8-bridge' ), $lost['error'] ) )
		);
	}

	/**
	 * Whether the current user may see notices, and the screen is the Dashboard or the igny8 page.
	 */
	private static function is_notice_screen(): bool {
		$screen = get_current_screen();
		return $screen && current_user_can( self::VIEW_CAP ) && in_array( $screen->id, array( 'dashboard', 'toplevel_page_' . self::SLUG ), true );
	}

	/**
	 * Prints the page.
	 */
	public static function render(): void {
		if ( ! current_user_can( self::VIEW_CAP ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to access this page.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
		echo '<div class="wrap"><h1>igny8</h1>';
		self::print_notice();
		$pairing = Pairing::get();
		$other   = Pairing::other_home();
		if ( null !== $other ) {
			/* translators: %s: address of a site. */
			printf( '<p>%s</p></div>', esc_html( sprintf( __( 'This is a copy of %s, which is linked to igny8. The copy sends nothing to igny8. If the site has moved here, link it again in igny8.', 'igny8-bridge' ), $other ) ) );
			return;
		}
		if ( null === $pairing ) {
			printf( '<p>%s</p></div>', esc_html__( 'This site is not linked to igny8 yet. Link it in igny8 and approve the connection. If igny8 shows it as linked, run the site check there.', 'igny8-bridge' ) );
			return;
		}
		// phpcs:disable WordPress.Security.NonceVerification.Recommended -- only selects what is shown.
		$status = isset( $_GET['status'] ) ? sanitize_key( $_GET['status'] ) : '';
		$paged  = isset( $_GET['paged'] ) ? max( 1, (int) $_GET['paged'] ) : 1;
		// phpcs:enable
		$asked    = array_filter( array( 'status' => array_key_exists( $status, TaskList::labels() ) ? $status : '' ) ) + array( 'page' => $paged );
		$overview = Service::request( 'overview', $asked, 'wp_' . wp_generate_uuid4() );
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
	 * Handles the form that approves and publishes an article.
	 */
	public static function publish(): void {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- needed to verify the nonce.
		$task_id = isset( $_POST['task_id'] ) ? (int) $_POST['task_id'] : 0;
		self::authorize( self::PUBLISH_CAP, self::PUBLISH_HOOK . $task_id );
		$answer = self::send(
			array(
				'action'     => 'publish',
				'task_id'    => $task_id,
				// phpcs:ignore WordPress.Security.NonceVerification.Missing -- verified in authorize().
				'updated_at' => isset( $_POST['updated_at'] ) ? sanitize_text_field( wp_unslash( $_POST['updated_at'] ) ) : '',
			)
		);
		self::redirect_back( $answer, __( 'Article approved. Publishing has started.', 'igny8-bridge' ) );
	}

	/**
	 * Handles the form that runs the site check.
	 */
	public static function check(): void {
		self::authorize( self::CHECK_CAP, self::CHECK_HOOK );
		$answer = self::send( array( 'action' => 'examine' ) );
		if ( ! is_wp_error( $answer ) ) {
			delete_option( Outbox::LOST_OPTION );
		}
		self::redirect_back( $answer, __( 'Site check started. Reload this page in a moment to see the results.', 'igny8-bridge' ) );
	}

	/**
	 * Prints the opening tag and the hidden fields of a form. igny8 processes a form once, even if it is
	 * submitted twice.
	 *
	 * @param string $hook  Name of the admin-post action.
	 * @param string $nonce Action of the nonce.
	 */
	public static function open_form( string $hook, string $nonce ): void {
		// wp_nonce_field() would print the same element ID for every article.
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
	 * Ends the request if the nonce is invalid or the user lacks the capability.
	 *
	 * @param string $capability The required capability.
	 * @param string $nonce      Action of the nonce.
	 */
	private static function authorize( string $capability, string $nonce ): void {
		check_admin_referer( $nonce );
		if ( ! current_user_can( $capability ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to do this.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
	}

	/**
	 * Sends an action to igny8.
	 *
	 * @param array $action The action.
	 * @return array|WP_Error
	 */
	private static function send( array $action ) {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- verified in authorize().
		$request = isset( $_POST['request'] ) ? sanitize_text_field( wp_unslash( $_POST['request'] ) ) : '';
		$request = wp_is_uuid( $request ) ? $request : wp_generate_uuid4();
		return Service::request( 'actions', $action + array( 'user' => wp_get_current_user()->user_login ), "wp_$request" );
	}

	/**
	 * Redirects back to the page, which shows the result.
	 *
	 * @param array|WP_Error $answer  Response of igny8.
	 * @param string         $success Message if igny8 accepted the action.
	 */
	private static function redirect_back( $answer, string $success ): void {
		$notice = is_wp_error( $answer ) ? array( 'error', $answer->get_error_message() ) : array( 'success', $success );
		set_transient( self::NOTICE . get_current_user_id(), $notice, MINUTE_IN_SECONDS );
		wp_safe_redirect( wp_get_referer() ? wp_get_referer() : self::url() );
		exit;
	}

	/**
	 * Prints the result of the last action, once.
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
